"""Tasks that agents carry out in people's names, and the approvals that they wait for."""
