"""Who is calling.  Knows bearer tokens and scopes; knows nothing of what is asked for.

A token is 256 random bits; only its SHA-256 is journaled, and looking up a hash takes the same
path for tokens that exist and tokens that do not.
"""

import secrets
from hashlib import sha256
from typing import Final, NamedTuple

from engine.commands import Scope
from engine.state import State, Token
from gateway.errors import EdgeCode, edge_error

TOKEN_BYTES: Final = 32
TOKEN_CHARS_MAX: Final = 256
_BEARER: Final = "Bearer "
SCOPES_BY_NAME: Final = {scope.name.lower(): scope for scope in Scope}


class Caller(NamedTuple):
    """A token at work.  token_hash: also the key of its rate limit."""

    token_hash: bytes
    token: Token


def new_token() -> tuple[str, bytes]:
    """A token nobody knows yet, and the hash to journal."""
    text = secrets.token_urlsafe(TOKEN_BYTES)
    return text, token_hash(text)


def token_hash(text: str) -> bytes:
    """What the journal knows of a token."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def authenticate(state: State, authorization: str | None) -> Caller:
    """The caller of an Authorization header.  Raises ApiError 401, the same for every mistake."""
    if authorization is None or not authorization.startswith(_BEARER):
        raise edge_error(EdgeCode.UNAUTHORIZED)
    return authenticate_token(state, authorization[len(_BEARER) :])


def authenticate_token(state: State, text: str) -> Caller:
    """The caller of a bare token.  Raises ApiError 401."""
    if len(text) > TOKEN_CHARS_MAX:
        raise edge_error(EdgeCode.UNAUTHORIZED)
    hashed = token_hash(text)
    token = state.tokens.get(hashed)
    if token is None or token.revoked:
        raise edge_error(EdgeCode.UNAUTHORIZED)
    return Caller(hashed, token)


def require_scope(caller: Caller, scope: Scope) -> None:
    """Raises ApiError 403 unless the token has the scope."""
    if not caller.token.scopes & scope:
        raise edge_error(EdgeCode.FORBIDDEN_SCOPE, scope=scope.name.lower())


def scope_names(scopes: int) -> list[str]:
    """The names of a bit set of scopes."""
    return [name for name, scope in SCOPES_BY_NAME.items() if scopes & scope]
