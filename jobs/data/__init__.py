"""Folders of tables as what `learning` works on."""
