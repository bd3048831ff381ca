"""What a desktop program sees of the node: implements `moneyrocket.interfaces.node`, but for starting and stopping."""
