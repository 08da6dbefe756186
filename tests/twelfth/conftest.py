"""What is below belongs to an invented state; tests/rules/test_twelfth_state.py copies it beside the other states."""

collect_ignore_glob = ["*"]
