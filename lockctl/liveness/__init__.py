"""Who lives: witnesses, and the judgement that rests on them."""
