"""The audit log as the console shows it: its entries as rows, read and watched, counted and described."""
