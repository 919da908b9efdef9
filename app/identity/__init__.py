"""Who somebody is: tokens, the keys that prove them, and the tokens that were taken back."""
