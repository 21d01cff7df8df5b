"""The paper's Table 2 and Figures 5 and 6 on any manifest."""
