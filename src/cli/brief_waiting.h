// How threads of OpenMP wait for each other.
#pragma once

#include <string>

namespace sparcell {

/// Where the environment does not say how (GOMP_SPINCOUNT, OMP_WAIT_POLICY), starts the program again with an
/// environment that makes waiting threads give up their core soon. The library's own choice is to wait busily
/// for milliseconds: up to 5 % faster where every thread has a core to itself, but on a machine that does other
/// work as well the thread that is waited for then finds no core, and training takes several times as long. It
/// reads the environment before main, so nothing less than a new start helps. Returns where that is not needed
/// or not possible.
void wait_briefly(char** argv);

/// What the environment says of it: "GOMP_SPINCOUNT=2000".
std::string way_of_waiting();

}  // namespace sparcell
