"""Experiments: functions of a material, a seed and settings that return numbers, fit for JSON."""
