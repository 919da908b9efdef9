"""Tests of `planned`, most of them against graphql-core."""
