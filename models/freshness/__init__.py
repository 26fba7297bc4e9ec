"""What a source usually sends, hour by hour of the week, and when it says too little or too much."""
