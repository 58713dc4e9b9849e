"""What answers: one file each, behind `protocol.Provider`."""
