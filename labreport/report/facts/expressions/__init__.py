"""The language of facts and claims: its tokens, its parser, and the evaluation of an expression."""
