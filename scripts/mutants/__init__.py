"""How many small changes of the code that proves completeness would go unnoticed."""
