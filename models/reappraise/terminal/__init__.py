"""Tables for a terminal, as a clinician reads them."""
