"""A FlashArray's management interface: one TLS port per array, REST families side by side over the same model."""
