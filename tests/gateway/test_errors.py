"""Every way to say no has a code, a class and words."""

from engine.reject_reason import RejectReason
from gateway.errors import EdgeCode, error_table, reason_error


def test_the_table_has_every_code_once() -> None:
    codes = [code for code, _, _ in error_table()]

    reasons = [reason.name for reason in RejectReason if reason is not RejectReason.NONE]
    assert codes == [*EdgeCode.__members__, *reasons]
    assert len(set(codes)) == len(codes)


def test_every_class_is_that_of_its_kind() -> None:
    statuses = {status for _, status, _ in error_table()}

    assert statuses <= {400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503}
    assert reason_error(RejectReason.DUPLICATE_ID).status == 409
    assert reason_error(RejectReason.INSUFFICIENT_BALANCE).status == 422
    assert reason_error(RejectReason.UNKNOWN_ORDER).status == 404
