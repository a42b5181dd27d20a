package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const ticksPerSecond = 100 // of /proc/PID/stat: USER_HZ, the same on every architecture that Go runs on

// stat gives the fields of /proc/PID/stat (proc(5)) from the third on, the state.
func stat(pid int) ([]string, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	// The second is the name in parentheses, which can contain anything.
	return strings.Fields(string(line[strings.LastIndexByte(string(line), ')')+1:])), nil
}

// ProcessorTime is what a process has used so far.
func (l *Lab) ProcessorTime(pid int) time.Duration {
	l.Helper()
	fields, err := stat(pid)
	if err != nil {
		l.Fatalf("no processor time: %v", err)
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / ticksPerSecond
}

// ChildrenOf gives the process ids of a process's children that run the program of this path.
func ChildrenOf(pid int, program string) []int {
	var found []int
	all, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, exe := range all {
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(exe)))
		fields, err := stat(child)
		if err != nil || fields[1] != strconv.Itoa(pid) {
			continue
		}
		if path, _ := os.Readlink(exe); path == program {
			found = append(found, child)
		}
	}
	return found
}

// Gone is an error while there is a process with this id.
func Gone(pid int) error {
	if fields, err := stat(pid); err == nil && fields[0] != "Z" {
		return fmt.Errorf("process %d is still there", pid)
	}
	return nil
}
