"""Who may call: both of the vendor's schemes."""
