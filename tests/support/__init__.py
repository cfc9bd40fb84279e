"""Builders of trials, tables, patients and fits that several tests share; no test imports a test."""
