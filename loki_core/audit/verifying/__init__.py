"""Verifying the audit log: pure rules (`verifier` and what it uses), and the files that they are fed from."""
