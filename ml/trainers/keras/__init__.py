"""Networks in Keras 3: parameters, training, callbacks, export."""
