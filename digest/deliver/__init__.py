"""From an approved edition to each member's copy: ledger, batches, links, providers."""
