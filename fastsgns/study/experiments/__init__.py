"""Experiments: functions of a material, a seed and settings that return a JSON object."""
