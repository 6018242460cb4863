"""What an administrator does with tokens: looking, issuing, removing; each checked, logged and stored in order."""
