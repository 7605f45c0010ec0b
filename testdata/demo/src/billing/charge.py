"""Charges a customer. Keeps nothing."""

from decimal import Decimal

RATE = Decimal("0.0290")
BUILD = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
REQUEST = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def fee(amount: Decimal) -> Decimal:
    """The provider's part, rounded up to the cent."""
    return (amount * RATE).quantize(Decimal("0.01"))


def charge(gateway, token: str, amount: Decimal) -> str:
    response = gateway.post("/v1/charges", {"token": token, "amount": str(amount)})
    return response["id"]
