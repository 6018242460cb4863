"""What codes in the audit log mean, in words. Data only."""

from __future__ import annotations

EXPLANATIONS = {
    "already_committed": "that token was made live before",
    "insufficient_scope": "the caller does not hold what it needs",
    "forbidden": "the caller does not hold what it needs",
    "invalid_token": "what was presented proves nobody",
    "key_lost": "the key that signs was lost; a new one has begun",
    "many": "more than can be logged singly: counted here",
    "not_stored": "logged, but not so in the store",
    "token_auth_disabled": "tokens are not accepted here",
    "token_expired": "the token has ended",
    "token_locked": "the token is locked",
    "token_malformed": "not the form of a token",
    "token_revoked": "the token was revoked or deleted",
    "token_unknown": "no token has that secret",
    "torn_line": "a crash cut the last line short",
    "truncated": "lines are missing that were signed",
}
