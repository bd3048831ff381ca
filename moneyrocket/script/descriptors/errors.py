"""What can be wrong with a descriptor."""


class DescriptorError(ValueError):
    """A text is no descriptor, or a descriptor cannot do what is asked; the text says why."""
