# Proofs by outsiders: Python programs that see only the program, its replica file and the write log.
# The short runs are tests; the long ones are `tests/proof/kill_sync.py build/hawser --kills 200` and
# `tests/proof/kill_sync.py build/hawser --watch --kills 1000`.
if(HAWSER_TOOLS)
  set(corpus "$ENV{HAWSER_CORPUS}")
  if(NOT corpus)
    set(corpus "${CMAKE_SOURCE_DIR}/../shared/corpus")
  endif()
  hawser_script_test(proof_corpus "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/proof/corpus.py"
    "$<TARGET_FILE:hawser_program>" "${corpus}/organization")
  hawser_script_test(proof_kills "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/proof/kill_sync.py"
    "$<TARGET_FILE:hawser_program>" --kills 8)
  hawser_script_test(proof_watch_kills "${Python3_EXECUTABLE}"
    "${CMAKE_CURRENT_SOURCE_DIR}/proof/kill_sync.py" "$<TARGET_FILE:hawser_program>" --watch --kills 6)
endif()
hawser_script_test(simulation_program "${Python3_EXECUTABLE}"
  "${CMAKE_CURRENT_SOURCE_DIR}/simulation/simulate_test.py" "$<TARGET_FILE:hawser_simulate>")
