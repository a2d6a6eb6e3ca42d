"""What operators and owners of money send: accounts, tokens, transfers, settings of markets."""

from collections.abc import Sequence

from tests.oracle.chooser import ACCOUNTS
from tests.oracle.cross_aims import KeyAims
from tests.oracle.instruments import changed, faulty, venue_specs
from tests.oracle.records import AMOUNT_ATOMS_MAX, E8, Fields


class AdminAims(KeyAims):
    """One method for each of these commands: its fields."""

    def transfer(self, amounts: Sequence[int]) -> Fields:
        """Money in an asset under a transfer id, at times a known or a bad one."""
        chance = self.chance
        known = sorted(self.venue.state.transfer_ids)[-20:]
        asset = chance.choices(("USD", "EUR", "GBP", "XXX", ""), (50, 35, 15, 4, 2))[0]
        transfer_id, dice = self.fresh("t"), chance.random()
        if dice < 0.05 and known:
            transfer_id = chance.choice(known)
        elif dice < 0.08:
            transfer_id = chance.choice(("", "a b", "x" * 65, "\n", "ü"))
        return {"asset": asset, "amount_atoms": chance.choice(amounts), "transfer_id": transfer_id}

    def aim_deposit(self, time_ns: int) -> Fields:
        """Pocket money up to fortunes; at times more than may ever come in."""
        amounts: Sequence[int] = (1, 10**8, 10**9, 10**10, 10**11, 10**12)
        if self.chance.random() < 0.08:
            amounts = (0, -1, AMOUNT_ATOMS_MAX + 1)
        return {"account_id": self.account_id(), **self.transfer(amounts)}

    def aim_withdraw(self, time_ns: int) -> Fields:
        """All there is, one more, a part."""
        account_id = self.account_id()
        asset_id = self.chance.choice((1, 2, 3))
        free = self.venue.state.free.get((account_id, asset_id), 0)
        amounts: Sequence[int] = (free, free + 1, free // 2, free // 10, free // 10, 1)
        amounts = self.spendable_amounts(account_id, asset_id) or amounts
        if self.chance.random() < 0.05:
            amounts = (0, -1, AMOUNT_ATOMS_MAX + 1)
        fields = {"account_id": account_id, **self.transfer(amounts)}
        if self.chance.random() < 0.9:
            fields["asset"] = self.venue.state.assets.get(asset_id, "USD")
        return fields

    def aim_fund_insurance(self, time_ns: int) -> Fields:
        """Never enough for long."""
        return self.transfer((1, 10**4, 10**5, 10**6, 10**7, 0))

    def aim_set_instrument_status(self, time_ns: int) -> Fields:
        """Shut markets first."""
        state = self.venue.state
        shut = [market for market in state.markets.values() if market.status != "TRADING"]
        if shut and self.chance.random() < 0.8:
            instrument_id = self.chance.choice(shut).instrument_id
            weights = (8, 1, 1)
        else:
            instrument_id, weights = self.instrument_id(), (2, 4, 4)
        status = self.chance.choices(("TRADING", "CLOSE_ONLY", "HALTED"), weights)[0]
        return {"instrument_id": instrument_id, "status": status}

    def aim_change_instrument(self, time_ns: int) -> Fields:
        """New settings, most of them allowed."""
        market = self.market()
        if market is None:
            return {"instrument_id": 1, "spec": venue_specs(self.chance)[0][0]}
        bad = self.chance.random() < 0.15
        spec = (faulty if bad else changed)(market.spec, self.chance)
        unknown = self.chance.random() < 0.05
        return {"instrument_id": 99 if unknown else market.instrument_id, "spec": spec}

    def aim_list_instrument(self, time_ns: int) -> Fields:
        """Mostly one that cannot be; at times a further market, which nobody trades."""
        spec, _ = self.chance.choice(venue_specs(self.chance))
        dice = self.chance.random()
        if dice < 0.5:
            return {"spec": faulty(spec, self.chance)}
        if dice < 0.6 and len(self.venue.state.markets) < 7:
            return {"spec": spec | {"symbol": self.fresh("E") + "/EUR", "settlement": "EUR"}}
        return {"spec": spec}

    def aim_sample_premium(self, time_ns: int) -> Fields:
        """Any market, with funding or without."""
        return {"instrument_id": self.instrument_id()}

    def aim_set_fee_tier(self, time_ns: int) -> Fields:
        """Rates at their bounds and beyond, rebates as large as may be, tiers that are none."""
        chance = self.chance
        weights = (6, 10, 10, 5, 0.3, 0.2, 0.2)
        taker = chance.choices((0, 10_000, 50_000, 700_000, E8 - 1, E8, -1), weights)[0]
        makers = (-taker, -taker, taker, 0, 20_000, 600_000, -taker - 1, E8)
        maker = chance.choices(makers, (8, 4, 5, 5, 8, 3, 0.7, 0.3))[0]
        rates = {"maker_fee_e8": maker, "taker_fee_e8": taker}
        return {"instrument_id": self.instrument_id(), "tier": self.tier(), **rates}

    def aim_assign_fee_tier(self, time_ns: int) -> Fields:
        """Tiers with rates and without, and back to none."""
        tier = 0 if self.chance.random() < 0.2 else self.tier()
        return {"account_id": self.account_id(), "tier": tier}

    def tier(self) -> int:
        """A fee tier, few of which there are."""
        return self.chance.choices((1, 2, 3, 100, 0, 101, -1), (10, 8, 5, 3, 4, 4, 4))[0]

    def aim_advance_time(self, time_ns: int) -> Fields:
        """Nothing but time."""
        return {}

    def aim_open_account(self, time_ns: int) -> Fields:
        """Known, bad and new names."""
        names = ["user-1", "user-2", "", "a b", "x" * 65, "x" * 64]
        if len(self.venue.state.accounts) < ACCOUNTS + 3:
            names.append(self.fresh("guest-"))
        return {"user_id": self.chance.choice(names)}

    def aim_issue_token(self, time_ns: int) -> Fields:
        """For an account or the operator, known and new."""
        token_hash = bytes([self.chance.randrange(12)]) * self.chance.choice((32, 32, 32, 31))
        account_id = self.chance.choice((0, self.account_id()))
        return {"account_id": account_id, "token_hash": token_hash, "scopes": 7}

    def aim_revoke_token(self, time_ns: int) -> Fields:
        """Working, revoked and unknown ones."""
        return {"token_hash": bytes([self.chance.randrange(12)]) * 32}
