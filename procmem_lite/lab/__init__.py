"""What is needed to measure: training, statistics, rivals, experiments, figures."""
