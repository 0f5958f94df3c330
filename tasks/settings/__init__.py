"""Every setting, once: composed of what each component can be told."""
