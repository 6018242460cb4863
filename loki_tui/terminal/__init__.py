"""What the console needs of the terminal under it: checks, colours, the clipboard, recordings, a safe end."""
