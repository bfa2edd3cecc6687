// go run verify.go < body
// The headers and the secret come from the environment, the headers as CGI names them: HTTP_WEBHOOK_ID, …
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

const toleranceSeconds = 5 * 60

// Event is what a delivery tells of; the catalogue of events says what is in Data.
type Event struct {
	ID        string          `json:"id"`
	Event     string          `json:"event"`
	Timestamp time.Time       `json:"timestamp"`
	Sequence  *int64          `json:"sequence"`
	Data      json.RawMessage `json:"data"`
}

// verify gives the event that a delivery tells of, or an error when the delivery is not from Punctual, or not from now.
// The body is the bytes as they came: parsing and writing them again would change them.
func verify(secret, id, timestamp, signature string, body []byte) (*Event, error) {
	if id == "" || timestamp == "" || signature == "" {
		return nil, errors.New("a header is missing")
	}
	now := time.Now().Unix()
	sentAt, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || sentAt < now-toleranceSeconds || sentAt > now+toleranceSeconds {
		return nil, errors.New("the timestamp is not from now")
	}

	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return nil, errors.New("there is no secret") // anyone can sign with nothing
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(body)
	expected := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	// While a secret is being replaced there are two signatures: one that fits is enough. hmac.Equal takes as long
	// whichever character differs, which is what keeps a signature from being guessed bit by bit.
	for _, one := range strings.Split(signature, " ") {
		if hmac.Equal([]byte(one), expected) {
			var event Event
			return &event, json.Unmarshal(body, &event)
		}
	}
	return nil, errors.New("no signature fits")
}

func main() {
	event, err := received()
	if err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	fmt.Println("verified", event.Event)
}

func received() (*Event, error) {
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	header := func(name string) string { return os.Getenv("HTTP_WEBHOOK_" + name) }
	return verify(os.Getenv("WEBHOOK_SECRET"), header("ID"), header("TIMESTAMP"), header("SIGNATURE"), body)
}
