"""What every service shares: authentication, permissions, errors, transactions, paging, limits, health."""
