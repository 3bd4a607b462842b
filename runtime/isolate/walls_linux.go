package isolate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/landlock-lsm/go-landlock/landlock"
	"github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// ErrNoLandlock says that the kernel has no Landlock, so that nothing holds
// the process to the files it was left.
var ErrNoLandlock = errors.New("this kernel has no Landlock (Linux 5.13, enabled at boot)")

// Walls are what a process is left.
type Walls struct {
	// Read and Write are files and folders, with what is below them; links are
	// followed. What is not there is left out. Write allows reading too.
	Read, Write []string
}

// Confine puts the walls up around this process, for ever: files first, then
// calls. The error is ErrNoLandlock when there is no wall around files, and
// the other one stands.
func Confine(w Walls) error {
	files := w.confineFiles()
	if files != nil && !errors.Is(files, ErrNoLandlock) {
		return fmt.Errorf("walling off files: %w", files)
	}
	if err := confineCalls(); err != nil {
		return fmt.Errorf("walling off system calls: %w", err)
	}
	return files
}

// confineFiles leaves the process the files of w and of the system.
func (w Walls) confineFiles() error {
	if version, err := syscall.LandlockGetABIVersion(); err != nil || version < 1 {
		return ErrNoLandlock
	}
	system, systemFolders := sorted(systemFiles())
	read, readFolders := sorted(w.Read)
	write, writeFolders := sorted(append(w.Write, os.DevNull, "/dev/full"))
	return landlock.V5.BestEffort().RestrictPaths(
		landlock.ROFiles(append(system, read...)...),
		landlock.RODirs(append(systemFolders, readFolders...)...),
		landlock.RWFiles(write...),
		landlock.RWDirs(writeFolders...),
		// os.Root, which guards against links, opens the folder of a file.
		landlock.PathAccess(syscall.AccessFSReadDir, foldersOf(read)...),
	)
}

// sorted tells files and folders apart, which rules do.
func sorted(paths []string) (files, folders []string) {
	for _, path := range paths {
		switch info, err := os.Stat(path); {
		case path == "" || err != nil:
		case info.IsDir():
			folders = append(folders, path)
		default:
			files = append(files, path)
		}
	}
	return files, folders
}

// foldersOf are the folders that files are in, links followed.
func foldersOf(files []string) []string {
	var out []string
	for _, file := range files {
		if target, err := filepath.EvalSymlinks(file); err == nil {
			out = append(out, filepath.Dir(target))
		}
	}
	return out
}

// systemFiles are the files that Go and volley read by themselves.
func systemFiles() []string {
	return append([]string{
		// Names.
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/services", "/etc/protocols", "/etc/gai.conf",
		// Certificates, as crypto/x509 looks for them, and where links among them lead.
		"/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem",
		"/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust", "/etc/ca-certificates", "/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates", "/usr/share/pki", "/var/lib/ca-certificates", "/system/etc/security/cacerts",
		os.Getenv("SSL_CERT_FILE"), os.Getenv("SSL_CERT_DIR"),
		// Time.
		"/etc/localtime", "/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo", os.Getenv("ZONEINFO"),
		// The machine: memory, processors, sockets that may wait.
		"/proc/self", "/proc/meminfo", "/proc/stat", "/proc/sys/net/core/somaxconn", "/sys/fs/cgroup",
		"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "/sys/devices/system/cpu/online",
		"/dev/urandom", "/dev/random",
	}, mimeFiles...)
}

// mimeFiles are where package mime looks names of file types up.
var mimeFiles = []string{"/usr/share/mime", "/usr/local/share/mime", "/etc/mime.types", "/etc/apache2/mime.types", "/etc/apache/mime.types", "/etc/httpd/conf/mime.types"}
