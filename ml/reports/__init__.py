"""What every HTML page shares: the frame, the style sheet, macros, the Jinja environment, drawings as SVG."""
