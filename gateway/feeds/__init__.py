"""Where prices come from.  Knows sources and their pace; knows nothing of the market's rules."""
