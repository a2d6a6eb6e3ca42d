"""Bearer tokens: every mistake looks the same."""

import pytest

from engine.commands import Scope
from engine.state import State, Token
from engine.units import AccountId
from gateway.authentication import authenticate, new_token, require_scope, scope_names
from gateway.errors import ApiError


def state_with(scopes: int, revoked: bool = False) -> tuple[State, str]:
    state = State()
    text, hashed = new_token()
    state.tokens.add(hashed, Token(AccountId(1), scopes, revoked))
    return state, text


def test_a_token_is_known_by_its_hash() -> None:
    state, text = state_with(Scope.READ)

    assert authenticate(state, f"Bearer {text}").token.account_id == 1


@pytest.mark.parametrize("make", ["", "{}", "Basic {}", "bearer {}", "Bearer  {}", "Bearer {}x"])
def test_every_mistake_is_the_same_401(make: str) -> None:
    state, text = state_with(Scope.READ)

    with pytest.raises(ApiError) as refused:
        authenticate(state, make.format(text))
    assert (refused.value.status, refused.value.code) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("header", [None, "Bearer " + "x" * 5_000, "Bearer \ud800"])
def test_no_header_or_a_strange_one_is_401(header: str | None) -> None:
    state, _ = state_with(Scope.READ)

    with pytest.raises(ApiError) as refused:
        authenticate(state, header)
    assert refused.value.status == 401


def test_a_revoked_token_is_401() -> None:
    state, text = state_with(Scope.READ, revoked=True)

    with pytest.raises(ApiError):
        authenticate(state, f"Bearer {text}")


def test_a_scope_that_the_token_lacks_is_403() -> None:
    state, text = state_with(Scope.READ | Scope.TRANSFER)
    caller = authenticate(state, f"Bearer {text}")

    require_scope(caller, Scope.TRANSFER)
    with pytest.raises(ApiError) as refused:
        require_scope(caller, Scope.TRADE)
    assert (refused.value.status, refused.value.details) == (403, {"scope": "trade"})
    assert scope_names(caller.token.scopes) == ["read", "transfer"]


def test_tokens_are_long_and_never_alike() -> None:
    tokens = {new_token()[0] for _ in range(1_000)}

    assert len(tokens) == 1_000
    assert all(len(token) == 43 for token in tokens)
