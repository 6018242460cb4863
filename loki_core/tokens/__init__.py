"""API tokens: their secrets, records, rules and stores."""
