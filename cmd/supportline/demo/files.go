package demo

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/officernd/supportline/cmd/supportline/config"
	"github.com/officernd/supportline/cmd/supportline/control"
	"github.com/officernd/supportline/cmd/supportline/notices"
)

// The files in a demo's folder.
const (
	ConfigFile    = "supportline.yaml"
	CustomersFile = "customers.csv"
	LogFile       = "supportline.log"
	passwordFile  = "console-password"
)

// The ports that a demo tries.
const (
	firstPort = 8080
	ports     = 100
)

// Configure reads the configuration in a demo's folder with load; it is made on the first run and kept. Ports that another program has taken
// since are replaced by free ones; everything else that somebody wrote into the file stays. A demo's store is a file.
func Configure(folder string, load func(file string) (config.Config, error)) (config.Config, error) {
	conf, err := configure(folder, load)
	if err == nil && conf.Store.IsDatabase() {
		err = fmt.Errorf("%s: a demo keeps its log in a file: write store: bolt:supportline.db", filepath.Join(folder, ConfigFile))
	}
	return conf, err
}

func configure(folder string, load func(file string) (config.Config, error)) (conf config.Config, err error) {
	if err := control.MakeFolder(folder, "name another one with --dir"); err != nil {
		return conf, err
	}
	file := filepath.Join(folder, ConfigFile)
	text, err := os.ReadFile(file)
	made := errors.Is(err, os.ErrNotExist)
	if err != nil && !made {
		return load(file) // it says why the file can't be read
	}
	if !made {
		conf, err = load(file)
		if err != nil || conf.Store.IsDatabase() || allFree(conf) {
			return conf, err
		}
		if err := idle(folder, conf); err != nil {
			return conf, err
		}
	}
	ports, err := freePorts()
	if err != nil {
		return conf, err
	}
	next := withPeople(string(config.Demo(ports[0], ports[1])), ports[1], ports[2])
	if !made {
		next = strings.NewReplacer(conf.Listen.Webhooks, ports[0], conf.Listen.Console, ports[1], mailServer(conf), ports[2]).Replace(string(text))
	}
	if err := control.ReplaceFile(file, []byte(next), 0o600); err != nil {
		return conf, err
	}
	return load(file)
}

// idle returns an error if a demo runs in the folder already: then that one has the ports.
func idle(folder string, conf config.Config) error {
	conn, err := control.DialStore(conf.Store.File)
	if errors.Is(err, control.ErrNoServer) {
		return nil
	}
	if err == nil {
		conn.Close()
		err = fmt.Errorf("a demo runs in %s already, with its webhooks on %s: stop it, or name another folder with --dir", folder, conf.Listen.Webhooks)
	}
	return err
}

// allFree reports whether nothing else listens where a demo does.
func allFree(conf config.Config) bool {
	mail := mailServer(conf)
	return free(conf.Listen.Webhooks) && free(conf.Listen.Console) && (mail == noMailServer || free(mail))
}

// mailServer returns where the mail server of a demo's notices listens, or noMailServer where it has none: letters through a server on another machine
// are really sent.
func mailServer(conf config.Config) string {
	for _, c := range conf.Notices.Channels {
		mail, is := c.(notices.Email)
		if host, _, err := net.SplitHostPort(mail.Server); is && err == nil && notices.Loopback(host) {
			return mail.Server
		}
	}
	return noMailServer
}

const noMailServer = "no mail server"

// freePorts returns three loopback addresses on which nothing listens: of the webhooks, of the console, and of the mail server.
func freePorts() (found [3]string, err error) {
	n := 0
	for port := firstPort; port < firstPort+ports && n < len(found); port++ {
		if address := fmt.Sprintf("127.0.0.1:%d", port); free(address) {
			found[n] = address
			n++
		}
	}
	if n < len(found) {
		return found, fmt.Errorf("no three free ports from %d to %d: stop a program that listens there", firstPort, firstPort+ports-1)
	}
	return found, nil
}

func free(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
