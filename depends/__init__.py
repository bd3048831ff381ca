"""Builds the pinned native dependencies into a relocatable prefix.

Only the standard library is used here, so that these modules run in any interpreter that can read the tree: Conan and
the build back ends live in an environment of their own (`environments`).
"""
