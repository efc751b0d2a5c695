if(HAWSER_TOOLS)
  hawser_script_test(wire_http2 "${Python3_EXECUTABLE}" tests/wire/http2/http2_test.py $<TARGET_FILE:hawser_program>)
endif()
