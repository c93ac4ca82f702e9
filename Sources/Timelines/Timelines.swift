// Reads traces, builds the model, measures, draws.
