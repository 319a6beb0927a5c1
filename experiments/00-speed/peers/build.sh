#!/usr/bin/env bash
# Builds the program that measures other libraries' products: build.sh OUTPUT. Eigen gets all instructions of this machine;
# OpenBLAS and oneDNN choose at start.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
${CXX:-g++} -std=c++20 -O3 -march=native -fopenmp -isystem /usr/include/eigen3 "$here/products.cpp" -o "$1" -lopenblas -ldnnl
