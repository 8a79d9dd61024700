"""Numbers as the reader's language writes them."""

from django.template import Library
from django.utils.formats import number_format

register = Library()


@register.filter
def number(value: int) -> str:
    """`value` with what its thousands are set apart by; never for an attribute that a script reads."""
    return number_format(value, force_grouping=True)
