"""Web: the front door. The merged API document and a page to browse it, health of the whole."""
