"""What more replicas bring here, and what 10,000 and 100,000 requests a second would need elsewhere."""
